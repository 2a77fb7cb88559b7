import { expect, test } from "vitest";
import { commandName } from "./commandName.ts";

test.each([
  ["a global package", "/usr/lib/node_modules/tac8/bin/tac8.mjs", "tac8"],
  ["a checkout", "/srv/tac8/bin/tac8.mjs", "/srv/tac8/bin/tac8.mjs"],
])("the command of %s", (_, launcher, expected) => {
  expect(commandName(launcher)).toBe(expected);
});
