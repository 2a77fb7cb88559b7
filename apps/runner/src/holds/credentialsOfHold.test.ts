import { expect, test } from "vitest";
import type { GitHubCredentials } from "@tac8/core/config/credentials";
import { credentialsOfHold } from "./credentialsOfHold.ts";

const APP = { kind: "app", id: 1, installationId: null, privateKey: "key", source: "f" } as const;
const HOLD = "repo:octo/widgets";

const fingerprint = (github: GitHubCredentials | null) =>
  credentialsOfHold(HOLD, { secrets: { github } as never, agent: {} as never, agentEnv: {} });

test("a hold of a repository depends on the token, or on the App, its installation and its key", async () => {
  const others: (GitHubCredentials | null)[] = [
    null,
    { kind: "token", token: "one", source: "a" },
    { kind: "token", token: "two", source: "a" },
    APP,
    { ...APP, id: 2 },
    { ...APP, installationId: 3 },
    { ...APP, privateKey: "another" },
  ];
  const all = await Promise.all(others.map(fingerprint));
  expect(new Set(all).size).toBe(others.length);
  expect(await fingerprint({ ...APP, source: "g" })).toBe(await fingerprint(APP));
  expect(await fingerprint({ kind: "token", token: "one", source: "b" })).toBe(all[1]);
});
