import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createWorld, LABEL, OWNER, poll, REPO, type World } from "./world.ts";

let world: World;
afterEach(async () => {
  await world.close();
});

const WORK = [{ append: "work.txt", text: "work\n" }, { commit: "feat: work" }, { result: "Worked." }];

function relabel(number: number, actor: string): void {
  world.github.removeLabel({ repo: REPO, number, actor: OWNER, label: LABEL });
  world.github.addLabel({ repo: REPO, number, actor, label: LABEL });
}

test("a label by someone who cannot write neither publishes finished work nor ends what a trusted one began", async () => {
  world = await createWorld();
  const { github, store } = world;
  const fault = github.fault({ method: "POST", path: `/repos/${REPO}/pulls`, times: 1, do: { status: 422 } });
  const finished = world.openIssue({ script: WORK });
  world.startApp("scheduler");
  world.startApp("runner");
  await world.reaches(finished, "failed");
  expect(fault.hits).toBe(1);
  // As with a git that was broken: the work itself needs no change.
  const jobId = world.jobId(finished);
  expect(await store.writeIf(jobId, { run: "", checkpoint: "worked" }, { failure: "git" })).toBe(true);

  const [at, go] = [join(world.dir, "at"), join(world.dir, "go")];
  const wait = { bash: `touch '${at}'; until [ -e '${go}' ]; do sleep 0.05; done` };
  const failing = [wait, { error: { status: 400, message: "not this time" } }];
  const begun = world.openIssue({ script: [failing, WORK] });
  await poll(30_000, async () => (existsSync(at) ? null : "its agent did not begin"));
  relabel(begun, "stranger");
  await writeFile(go, "");
  await world.reaches(begun, "pr");

  github.addLabel({ repo: REPO, number: finished, actor: "stranger", label: LABEL });
  await world.enters(finished, "failed", 2);
  expect((await store.read(jobId)).reason).toContain(`stranger put the label ${LABEL} on`);
  expect(github.pulls(REPO).map(({ head }) => head)).toEqual([`auto/gh-${begun}`]);

  github.addLabel({ repo: REPO, number: finished, actor: OWNER, label: LABEL });
  await world.enters(finished, "pr", 1);
  expect(github.pulls(REPO)).toHaveLength(2);
  const starts = (await world.agentStarts()).length;
  expect(starts, "one for the finished work, two for the other").toBe(3);
});
