import type { Redis } from "ioredis";
import { expect } from "vitest";
import { fieldTest } from "../testing/fieldTest.fixture.ts";
import { PIPELINE_PAGE, pipelined } from "./pipelined.ts";

/** Answers each command with its own item. */
function fakeRedis(sizes: number[]): Pick<Redis, "pipeline"> {
  const pipeline = () => {
    const asked: number[] = [];
    const exec = async () => {
      sizes.push(asked.length);
      return asked.map((item) => [item === -1 ? new Error("WRONGTYPE") : null, item]);
    };
    return { ask: (item: number) => asked.push(item), exec };
  };
  return { pipeline } as unknown as Pick<Redis, "pipeline">;
}

const ask = (pipeline: unknown, item: number) => (pipeline as { ask(item: number): void }).ask(item);

fieldTest("F9", "many commands are sent in pages of a bounded size, and answered in order", async () => {
  const sizes: number[] = [];
  const items = Array.from({ length: 2 * PIPELINE_PAGE + 1 }, (_, index) => index);
  expect(await pipelined(fakeRedis(sizes), items, ask)).toEqual(items);
  expect(sizes).toEqual([PIPELINE_PAGE, PIPELINE_PAGE, 1]);
  await expect(pipelined(fakeRedis(sizes), [1, -1], ask)).rejects.toThrow("WRONGTYPE");
});
