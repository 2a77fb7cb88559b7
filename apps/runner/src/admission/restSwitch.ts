/** The methods of a BullMQ worker that are needed here. */
export interface Pausable {
  /** `true`: do not wait for running jobs. */
  pause(doNotWaitActive: true): Promise<void>;
  resume(): Promise<void>;
}

/**
 * Return a function that pauses or resumes a worker. It calls the worker only for a change, and again if a call failed.
 */
export function createRestSwitch(worker: Pausable): (rest: boolean) => Promise<void> {
  let wanted = false;
  let resting = false;
  let turn: Promise<void> = Promise.resolve();

  async function obey(): Promise<void> {
    const rest = wanted;
    if (rest === resting) return;
    await (rest ? worker.pause(true) : worker.resume());
    resting = rest;
  }

  return (rest) => {
    wanted = rest;
    // One call after the other, because BullMQ does not define which of two overlapping calls wins.
    turn = turn.catch(() => undefined).then(obey);
    return turn;
  };
}
