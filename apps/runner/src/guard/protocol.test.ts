import { expect, test } from "vitest";
import { parseMessage } from "./protocol.ts";

test("a guard's message is parsed, and a part of a message is not", () => {
  expect(parseMessage('{"started":{"pid":7}}')).toEqual({ started: { pid: 7 } });
  for (const line of ['{"exit":{"code":0,"sig', "", "7", "null"]) expect(parseMessage(line)).toBeNull();
});
