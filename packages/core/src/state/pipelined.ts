import type { ChainableCommander, Redis } from "ioredis";

/** So many commands in one go keep neither Redis nor this process from other work. */
export const PIPELINE_PAGE = 500;

/** Return the answer to one command for each item, in their order; sent in pages of a bounded size. @throws the first error */
export async function pipelined<T>(
  redis: Pick<Redis, "pipeline">,
  items: readonly T[],
  command: (pipeline: ChainableCommander, item: T) => unknown,
): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (let from = 0; from < items.length; from += PIPELINE_PAGE) {
    const pipeline = redis.pipeline();
    for (const item of items.slice(from, from + PIPELINE_PAGE)) command(pipeline, item);
    for (const [error, answer] of (await pipeline.exec()) ?? []) {
      if (error) throw error;
      answers.push(answer);
    }
  }
  return answers;
}
