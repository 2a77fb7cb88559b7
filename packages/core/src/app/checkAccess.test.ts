import { expect, it } from "vitest";
import type { Config } from "../config/resolve.ts";
import type { RepositoryResult } from "../github/types.ts";
import { createLogger } from "../log/logger.ts";
import { checkAccess } from "./checkAccess.ts";
import { StartupProblem } from "./main.ts";

const log = createLogger({ name: "test", level: "silent", secrets: [] });
const MISSING: RepositoryResult = { kind: "missing" };
const FOUND: RepositoryResult = {
  kind: "found",
  id: 1,
  owner: "octo",
  repo: "a",
  defaultBranch: "main",
  canPush: true,
  archived: false,
  private: false,
};

/** How often each repository was asked about, where GitHub gives these answers about each; the last one stays. */
async function check(names: readonly string[], answers: Readonly<Record<string, readonly RepositoryResult[]>>) {
  const asked: Record<string, number> = {};
  const repository = async ({ repo }: { readonly repo: string }): Promise<RepositoryResult> => {
    const before = asked[repo] ?? 0;
    asked[repo] = before + 1;
    return answers[repo]?.[before] ?? answers[repo]?.at(-1) ?? MISSING;
  };
  const mayWrite = () => Promise.reject(new Error("no write was wished"));
  const repositories = names.map((repo) => ({ owner: "octo", repo }));
  const config = { repositories, secrets: { github: null } } as unknown as Config;
  const { signal } = new AbortController();
  const ended = await checkAccess(
    { repository, mayWrite },
    { config, log, signal, writes: false, refusalWaitsMs: [0, 0] },
  ).catch((error: unknown) => error);
  return { asked, ended };
}

it("the only repository that was not seen twice, and is seen then, is worked on", async () => {
  expect(await check(["a"], { a: [MISSING, MISSING, FOUND] })).toEqual({ asked: { a: 3 }, ended: undefined });
});

it("a problem with the only repository, three times in a row, is one that an operator must fix", async () => {
  const { asked, ended } = await check(["a"], { a: [MISSING] });
  expect(asked).toEqual({ a: 3 });
  expect(ended).toBeInstanceOf(StartupProblem);
  expect(String(ended)).toContain("cannot access octo/a");
});

it("where one repository can be worked on, none is asked about again", async () => {
  expect(await check(["a", "b"], { a: [MISSING], b: [FOUND] })).toEqual({ asked: { a: 1, b: 1 }, ended: undefined });
});
