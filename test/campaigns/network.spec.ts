import { campaignSuite } from './fixtures/campaign-suite.js';
import * as faults from './fixtures/faults.js';

const { cut, stall, halfOpen, blackhole, refuse, slow, dropReplies, lateRequest } = faults;

campaignSuite(
  'network',
  'that cuts, stalls, swallows, loses replies and delivers requests late',
  [cut, stall, halfOpen, lateRequest, blackhole, dropReplies, refuse, slow],
  [100, 400],
);
