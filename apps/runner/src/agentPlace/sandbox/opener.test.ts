import { expect, test } from "vitest";
import { tmpSize } from "./opener.ts";

const MB = 1024 ** 2;

test.each([
  [4096, 1, 1024],
  [4096, 4, 256],
  [4096, 100, 64],
  [65_536, 1, 2048],
])("with %i MB of memory, %i slots get at most a quarter: %i MB each", (memory, slots, each) => {
  expect(tmpSize(memory * MB, slots)).toBe(each * MB);
});
