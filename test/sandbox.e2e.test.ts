import { afterEach, beforeEach, expect, test } from "vitest";
import { findProgram } from "@tac8/core/app/findProgram";
import { createWorld, REPO, type World } from "./world.ts";

const missing = findProgram("bwrap", { path: process.env["PATH"] ?? "", cwd: "/" }) === null;
const NAME = missing ? " (skipped: bwrap is missing)" : "";

let world: World;
beforeEach(async () => {
  world = await createWorld({ config: { agent: { isolation: "sandbox" }, host: { max_processes_per_run: 200 } } });
  world.startApp("scheduler");
});
afterEach(() => world.close());

test.skipIf(missing)(`an agent in a sandbox does its issue's work, and reaches a pull request${NAME}`, async () => {
  const number = world.openIssue({ script: [{ bash: "id -u > a.txt" }, { commit: "a" }, { result: "Done." }] });
  const runner = world.startApp("runner");
  await runner.says("agents run in a sandbox");
  await world.reaches(number, "pr");
  const uid = process.getuid?.() ?? 0;
  expect(await world.github.file(REPO, `auto/gh-${number}`, "a.txt")).toBe(`${uid === 0 ? 1000 : uid}\n`);
});

test.skipIf(missing)(`one that starts too many processes is ended with all of them${NAME}`, async () => {
  // 512 at most.
  const many = "env -i /usr/bin/perl -e 'fork for 1..9; sleep 600'";
  const again = [{ write: "a.txt", text: "a\n" }, { commit: "feat: a" }, { result: "Done." }];
  const number = world.openIssue({ script: { first: [{ bash: many }, { result: "never" }], again } });
  world.startApp("runner");
  await world.reaches(number, "pr");
  const failed = (await world.history(number)).filter(({ to }) => to === "retrying");
  expect(failed).toMatchObject([{ evidence: { failure: "process-limit" } }]);
});

test("an agent that is killed in a sandbox has ended by that signal, as without one", async () => {
  await world.configure({ agent: { isolation: "sandbox" }, coordinator: { max_attempts: 1 } });
  const number = world.openIssue({ script: [{ say: "Off I go." }, { crash: true }] });
  world.startApp("scheduler");
  world.startApp("runner");
  await world.reaches(number, "failed");
  expect((await world.store.read(world.jobId(number))).reason).toContain("SIGKILL");
});
