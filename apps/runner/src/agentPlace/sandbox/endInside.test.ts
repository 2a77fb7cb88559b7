import { expect, test } from "vitest";
import { endInside } from "./endInside.ts";

test.each([
  [0, null, 0, null],
  [1, null, 1, null],
  [127, null, 127, null],
  [128, null, 128, null],
  [137, null, null, "SIGKILL"],
  [143, null, null, "SIGTERM"],
  [255, null, 255, null],
  [null, "SIGKILL", null, "SIGKILL"],
])("the end %j, %j of bubblewrap is the end %j, %j of its program", (code, signal, insideCode, insideSignal) => {
  expect(endInside({ code, signal })).toEqual({ code: insideCode, signal: insideSignal });
});
