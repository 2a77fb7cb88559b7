import { afterAll, beforeAll, expect, test } from "vitest";
import { pullsOf } from "./once.ts";
import { createWorld, LABEL, OWNER, REPO, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
  world.startApp("scheduler");
  world.startApp("runner");
});
afterAll(() => world.close());

const hasBranch = (number: number) => `auto/gh-${number}` in world.github.branches(REPO);
const question = (number: number) =>
  world.github.comments(REPO, number).find(({ body }) => /^<!-- tac8 .*"kind":"question"/.test(body))?.body ?? "";
const open = (bash: string) =>
  world.openIssue({ script: [{ write: "a.txt", text: "a\n" }, { bash }, { commit: "feat: a" }, { result: "Done." }] });
const gitlink = `git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),lib`;
const submodule = (url: string) =>
  `git config -f .gitmodules submodule.lib.path lib; git config -f .gitmodules submodule.lib.url ${url}; mkdir -p lib; ${gitlink}; git commit -qm lib -a`;

test.each([
  ["a link to a file of the machine", "mkdir d; ln -s /etc/passwd d/link", "`d/link` (a link to an absolute path)"],
  [
    "a link to a path outside the repository",
    "ln -s ../../other link",
    "`link` (a link to a path outside the repository)",
  ],
  ["a submodule by ssh", submodule("git@github.com:octo/lib.git"), "neither https:// nor relative"],
  [
    "a submodule that nothing is known of",
    `mkdir -p lib; ${gitlink}; git commit -qm lib`,
    "a submodule without an address",
  ],
])("%s is published only when a label allows it", async (_name, bash, shown) => {
  const number = open(bash);
  await world.waitForState(number, "blocked");
  expect(question(number)).toContain(shown);
  expect(hasBranch(number)).toBe(false);
  world.github.addLabel({ repo: REPO, number, actor: OWNER, label: "rpi-allow" });
  await world.waitForState(number, "pr");
  expect(await world.agentStarts(number)).toHaveLength(1);
});

test("links inside the repository and a submodule by https are published; the submodule is named", async () => {
  const number = open(`ln -s a.txt link; ${submodule("https://github.com/octo/lib.git")}`);
  await world.waitForState(number, "pr");
  expect(pullsOf(world, number)[0]?.body).toContain("code owners: `.gitmodules`");
});

test("a label that answered a question allows no other files, and files that it has allowed are not withheld again", async () => {
  const number = open(
    "n=$(ls | grep -c '^round'); date > round$n; [ $n = 2 ] || ln -s /etc/passwd link$n; git add -A; git commit -qm more",
  );
  const label = (name: string) => world.github.addLabel({ repo: REPO, number, actor: OWNER, label: name });
  const unlabel = () => world.github.removeLabel({ repo: REPO, number, actor: OWNER, label: "rpi-allow" });
  await world.waitForState(number, "blocked");
  label("rpi-allow");
  await world.waitForState(number, "pr");

  // The next round, with another link: the label is still on, and was not added for this.
  label(LABEL);
  // Its question, the label that was seen, and this question.
  await world.waitForNthState(number, "blocked", 3);
  expect(await world.github.file(REPO, `auto/gh-${number}`, "round1")).toBeUndefined();
  unlabel();
  label("rpi-allow");
  await world.waitForNthState(number, "pr", 2);

  unlabel();
  label(LABEL);
  await world.waitForNthState(number, "pr", 3);
  expect((await world.history(number)).filter(({ to }) => to === "blocked")).toHaveLength(4);
  expect(await world.github.file(REPO, `auto/gh-${number}`, "round2")).toBeDefined();
});
