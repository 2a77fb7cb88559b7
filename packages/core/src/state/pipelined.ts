import type { ChainableCommander, Redis } from "ioredis";

/** Number of commands per pipeline: small enough to block neither Redis nor this process. */
export const PIPELINE_PAGE = 500;

/** Send one command for each item, in pipelines of a bounded size, and return the responses in the same order. @throws the first error */
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
