import { expect, test } from "vitest";
import { parseOptions } from "./options.ts";

test("a program behind a socket, with a pipe for words", () => {
  const args = ["--socket", "/run/tac8/s", "--port", "3128", "--words-fd", "4", "--", "claude", "-p", "--", "x"];
  expect(parseOptions(args)).toEqual({
    socket: "/run/tac8/s",
    port: 3128,
    wordsFd: 4,
    program: ["claude", "-p", "--", "x"],
  });
  expect(parseOptions(["--", "true"])).toEqual({ socket: null, port: 0, wordsFd: null, program: ["true"] });
});

test.each([
  [[], "expected -- and a program"],
  [["--"], "expected -- and a program"],
  [["--socket", "/s", "--", "x"], "--port is missing"],
  [["--socket", "/s", "--port", "0", "--", "x"], "--port 0"],
  [["--socket", "/s", "--port", "http", "--", "x"], "--port http"],
  [["--port", "--", "x"], "not --port"],
  [["--other", "1", "--", "x"], "not --other"],
])("%j is refused", (args, message) => {
  expect(() => parseOptions(args)).toThrow(message);
});
