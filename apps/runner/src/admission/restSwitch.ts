/** The part of a BullMQ worker that is needed here. */
export interface Pausable {
  /** `true`: without waiting for jobs that run. */
  pause(doNotWaitActive: true): Promise<void>;
  resume(): Promise<void>;
}

/** Make a function that has a worker rest or work. It calls the worker only for a change, and again where that failed. */
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
    // One after the other: which of two overlapping calls of the worker wins is not said.
    turn = turn.catch(() => undefined).then(obey);
    return turn;
  };
}
