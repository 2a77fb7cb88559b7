import { expect, test } from "vitest";
import { commandName } from "./commandName.ts";

test.each([
  ["a global package", "/usr/lib/node_modules/tac8/bin/tac8.mjs", "/home/me", "tac8"],
  ["a checkout, from inside", "/srv/tac8/bin/tac8.mjs", "/srv/tac8", "bin/tac8.mjs"],
  ["a checkout, from elsewhere", "/srv/tac8/bin/tac8.mjs", "/home/me", "/srv/tac8/bin/tac8.mjs"],
])("the command of %s", (_, launcher, cwd, expected) => {
  expect(commandName({ launcher, cwd })).toBe(expected);
});
