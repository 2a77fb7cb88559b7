import { expect, test } from "vitest";
import { isTrustedAccount, mayLabel } from "./trust.ts";
import type { Permission } from "./types.ts";

const ASKED = { repo: { owner: "o", repo: "r" }, trustedUsers: ["Dispatcher"] };
const github = {
  permission: async (_repo: unknown, login: string): Promise<Permission> => (login === "octo" ? "write" : "read"),
  isOwnApp: async (login: string) => login === "tac8[bot]",
};

test.each([
  ["octo", true, true],
  ["stranger", false, false],
  ["dispatcher", true, true],
  ["tac8[bot]", true, false],
  ["other[bot]", false, false],
])("labels of %s count: %s; words: %s", async (login, label, words) => {
  expect(await mayLabel(github, { ...ASKED, login })).toBe(label);
  expect(await isTrustedAccount(github, { ...ASKED, login })).toBe(words);
});
