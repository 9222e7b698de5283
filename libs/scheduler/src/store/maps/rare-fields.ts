/** What few executions have beside the rest, and the engine changes: see its ExecutionRecord. */
export class RareFields {
  hasExternalEdges: boolean | undefined = undefined;
  edgesReleased: number | undefined = undefined;
  edgesToReattach: number | undefined = undefined;
  isKeptForEdges: boolean | undefined = undefined;
  endsToPropagate: number | undefined = undefined;
  arrivalSteps: number | undefined = undefined;
  arrivalNumber: number | undefined = undefined;
  brokenEdge: number | undefined = undefined;
  isUnregistered: boolean | undefined = undefined;
  heldLock: string | undefined = undefined;
  fencingToken: number | undefined = undefined;
  parkNumber: number | undefined = undefined;
  lockWaitLeft: number | undefined = undefined;
}

/** An execution that has them once one is needed. */
export abstract class WithRareFields {
  abstract extra: RareFields | null;
  abstract more(): RareFields;

  get hasExternalEdges(): boolean | undefined {
    return this.extra?.hasExternalEdges;
  }

  set hasExternalEdges(value: boolean | undefined) {
    if (value !== this.hasExternalEdges) this.more().hasExternalEdges = value;
  }

  get edgesReleased(): number | undefined {
    return this.extra?.edgesReleased;
  }

  set edgesReleased(value: number | undefined) {
    if (value !== this.edgesReleased) this.more().edgesReleased = value;
  }

  get edgesToReattach(): number | undefined {
    return this.extra?.edgesToReattach;
  }

  set edgesToReattach(value: number | undefined) {
    if (value !== this.edgesToReattach) this.more().edgesToReattach = value;
  }

  get isKeptForEdges(): boolean | undefined {
    return this.extra?.isKeptForEdges;
  }

  set isKeptForEdges(value: boolean | undefined) {
    if (value !== this.isKeptForEdges) this.more().isKeptForEdges = value;
  }

  get endsToPropagate(): number | undefined {
    return this.extra?.endsToPropagate;
  }

  set endsToPropagate(value: number | undefined) {
    if (value !== this.endsToPropagate) this.more().endsToPropagate = value;
  }

  get arrivalSteps(): number | undefined {
    return this.extra?.arrivalSteps;
  }

  set arrivalSteps(value: number | undefined) {
    if (value !== this.arrivalSteps) this.more().arrivalSteps = value;
  }

  get arrivalNumber(): number | undefined {
    return this.extra?.arrivalNumber;
  }

  set arrivalNumber(value: number | undefined) {
    if (value !== this.arrivalNumber) this.more().arrivalNumber = value;
  }

  get brokenEdge(): number | undefined {
    return this.extra?.brokenEdge;
  }

  set brokenEdge(value: number | undefined) {
    if (value !== this.brokenEdge) this.more().brokenEdge = value;
  }

  get isUnregistered(): boolean | undefined {
    return this.extra?.isUnregistered;
  }

  set isUnregistered(value: boolean | undefined) {
    if (value !== this.isUnregistered) this.more().isUnregistered = value;
  }

  get heldLock(): string | undefined {
    return this.extra?.heldLock;
  }

  set heldLock(value: string | undefined) {
    if (value !== this.heldLock) this.more().heldLock = value;
  }

  get fencingToken(): number | undefined {
    return this.extra?.fencingToken;
  }

  set fencingToken(value: number | undefined) {
    if (value !== this.fencingToken) this.more().fencingToken = value;
  }

  get parkNumber(): number | undefined {
    return this.extra?.parkNumber;
  }

  set parkNumber(value: number | undefined) {
    if (value !== this.parkNumber) this.more().parkNumber = value;
  }

  get lockWaitLeft(): number | undefined {
    return this.extra?.lockWaitLeft;
  }

  set lockWaitLeft(value: number | undefined) {
    if (value !== this.lockWaitLeft) this.more().lockWaitLeft = value;
  }
}
