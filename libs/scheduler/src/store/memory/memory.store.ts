import { MapsTaskStore } from '../maps/maps-store.js';

/** The store of one process: what it knows ends with it. */
export class MemoryTaskStore extends MapsTaskStore {}
