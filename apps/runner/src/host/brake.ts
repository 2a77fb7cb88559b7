/** The part of a BullMQ worker that is needed here. */
export interface Pausable {
  /** `true`: without waiting for jobs that run. */
  pause(doNotWaitActive: true): Promise<void>;
  resume(): Promise<void>;
}

/** One worker with several reasons to rest: it is paused while there is any. Each reason has a lever of its own. */
export function createBrake(worker: Pausable): { lever(): Pausable } {
  const pulled = new Set<object>();
  let resting = false;
  let turn: Promise<void> = Promise.resolve();

  async function obey(): Promise<void> {
    const rest = pulled.size > 0;
    if (rest === resting) return;
    await (rest ? worker.pause(true) : worker.resume());
    resting = rest;
  }

  /** One after the other: which of two overlapping calls of the worker wins is not said. */
  function apply(): Promise<void> {
    turn = turn.catch(() => undefined).then(obey);
    return turn;
  }

  return {
    lever() {
      const own = {};
      return {
        pause() {
          pulled.add(own);
          return apply();
        },
        resume() {
          pulled.delete(own);
          return apply();
        },
      };
    },
  };
}
