import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { afterFailure, FAILURE_KINDS } from "@tac8/core/domain/failures";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { attributeToMachine } from "./attributeToMachine.ts";
import type { RunnerServices } from "./services.ts";

const servicesWith = (trouble: string | null) =>
  ({
    config: { dataFolder: tmpdir() },
    dataFolderTrouble: () => Promise.resolve(trouble),
  }) as unknown as RunnerServices;
const COUNTS = { made: 9, max: 10, parked: 0, noChanges: 0 };

fieldTest("F11", "a missing data folder is the cause of any failure of the machine, and uses no attempt", async () => {
  for (const kind of ["startup", "agent", "git", "stalled", "timeout", "no-changes", "out-of-memory"] as const) {
    const blamed = await attributeToMachine({ kind, message: "it failed" }, servicesWith("the data folder is missing"));
    expect(blamed).toEqual({ kind: "disk", message: "the data folder is missing. it failed" });
    expect(afterFailure(blamed, COUNTS, 1, Date.now())).toMatchObject({ do: "park" });
  }
});

test.each(["github", "refused", "usage-limit", "auth"] as const)(
  "%s is a failure outside this machine, and is not changed",
  async (kind) => {
    const failure = { kind, message: "said" };
    expect(await attributeToMachine(failure, servicesWith("the data folder is missing"))).toBe(failure);
  },
);

test("with an intact data folder no failure is changed", async () => {
  for (const kind of FAILURE_KINDS) {
    if (kind === "disk") continue;
    const failure = { kind, message: "said" };
    expect(await attributeToMachine(failure, servicesWith(null))).toBe(failure);
  }
});
