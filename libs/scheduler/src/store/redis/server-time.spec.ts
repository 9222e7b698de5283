import { describe, expect, it } from '@jest/globals';
import { ServerTime } from './server-time.js';

const AHEAD = 1_000_000;

describe('ServerTime', () => {
  it('has no age before the first reply', () => {
    const time = new ServerTime();
    expect(time.at(5)).toBeNull();
    expect(time.ageOf(0, 5)).toBe(Infinity);
  });

  it('uses the fastest of the newest replies', () => {
    const time = new ServerTime();
    time.observe(AHEAD + 100, 99, 150);
    time.observe(AHEAD + 200, 199, 201);
    time.observe(AHEAD + 300, 299, 390);
    expect(time.at(400)).toBe(AHEAD + 399);
    expect(time.ageOf(AHEAD + 300, 390)).toBe(91);
    expect(time.ageOf(AHEAD + 400, 400)).toBe(1);
  });

  it('ignores a reply that waited in a blocked process', () => {
    const time = new ServerTime();
    time.observe(AHEAD + 100, 99, 101);
    for (let i = 0; i < 20; i++) time.observe(AHEAD + 1000, 1000, 7000);
    expect(time.ageOf(AHEAD + 1000, 7000)).toBe(6001);
  });

  it('understates no age in a process that reads each reply late', () => {
    const time = new ServerTime();
    for (let i = 0; i < 8; i++) time.observe(AHEAD + 1000 * i, 1000 * i, 1000 * i + 400);
    expect(time.ageOf(AHEAD + 9000, 9250)).toBe(250);
  });

  it('does not learn an age from the time in the stored reply to a repeated request', () => {
    const time = new ServerTime();
    time.observe(AHEAD + 100, 99, 101);
    time.observe(AHEAD + 100, 5000, 5001);
    expect(time.ageOf(AHEAD + 100, 5001)).toBe(4902);
  });

  it('adapts to a network that has become slower, and to a clock that was set', () => {
    const time = new ServerTime();
    time.observe(AHEAD, 0, 1);
    for (let i = 1; i <= 8; i++) time.observe(AHEAD + 1000 * i, 1000 * i, 1000 * i + 400);
    expect(time.ageOf(AHEAD + 9000, 9400)).toBe(400);
    time.observe(2 * AHEAD + 10_000, 10_000, 10_001);
    expect(time.ageOf(2 * AHEAD + 10_002, 10_003)).toBe(1);
  });
});
