import { expect, it } from "vitest";
import { isAppName } from "./appName.ts";

it.each([
  ["tac8[bot]", true],
  ["stranger", false],
  ["[bot]", false],
  ["a b[bot]", false],
  ["x[bot]\nstranger", false],
])("%j: %s", (login, is) => expect(isAppName(login)).toBe(is));
