import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { expect, test } from "vitest";
import { classifyGitError } from "./errors.ts";
import { classifyRefusedPush } from "./refusedPush.ts";

const URL = "https://github.com/octo/widgets.git";
const REF = "refs/heads/auto/gh-1";

/** Return a message of GitHub as git prints it; `why`: the reason for the ref. */
function errorText(lines: readonly string[], why = "push declined due to repository rule violations"): string {
  const remote = lines.map((line) => `remote: ${line}        `).join("\n");
  return `${remote}\nTo ${URL}\n!\t1111111:${REF}\t[remote rejected] (${why})\nDone\nerror: failed to push some refs to '${URL}'\n`;
}

const rules = (...violated: readonly string[]) =>
  errorText([
    `error: GH013: Repository rule violations found for ${REF}.`,
    "Review all repository rules at https://github.com/octo/widgets/rules?ref=refs%2Fheads%2Fauto%2Fgh-1",
    "",
    ...violated.map((line) => `- ${line}`),
    "",
  ]);

const SECRET = [
  "GITHUB PUSH PROTECTION        ",
  "remote:   —————————————————————————————————————————        ",
  "remote:     Resolve the following violations before pushing again        ",
  "remote:         ",
  "remote:     - Push cannot contain secrets        ",
  "remote:         ",
  "remote:      (?) Learn how to resolve a blocked push        ",
  "remote:      https://docs.github.com/code-security/secret-scanning        ",
  "remote:         ",
  "remote:       —— GitHub Personal Access Token ——————————————————————        ",
  "remote:        locations:        ",
  "remote:          - commit: 8728dbe67a8f0d31d3e9a4b8a0a1c1f4d2d7a111        ",
  "remote:            path: src/main.ts:4        ",
  "remote:        (?) To push, remove secret from commit(s) or follow this URL to allow the secret.",
].join("\n");

const WHOLE: readonly (readonly [string, string, RegExp])[] = [
  ["creation", rules("Cannot create ref due to creations being restricted."), /Set github\.branch/],
  ["a name", rules("Branch name must match a given regex pattern: ^users/.*"), /Set github\.branch/],
  ["signatures", rules("Commits must have verified signatures.", "Found 1 violation:"), /does not sign/],
  ["an address", rules("Commit author email must end with a matching pattern: @acme.com"), /git\.author_email/],
  ["pull requests", rules("Changes must be made through a pull request."), /Exempt the branches/],
  ["updates", rules("Cannot update this protected ref."), /Exempt the branches/],
  ["checks", rules("2 of 2 required status checks are expected."), /Exempt the branches/],
  ["nothing named", errorText([]), /Change the rule/],
  ["an unknown rule", rules("The moon must be full."), /Change the rule/],
  ["a rule and a secret", rules("Commits must have verified signatures.", SECRET), /does not sign/],
  [
    "classic protection",
    errorText(
      [`error: GH006: Protected branch update failed for ${REF}.`, "error: Required status check"],
      "protected branch hook declined",
    ),
    /Exempt the branches/,
  ],
  [
    "not authorized",
    errorText(["error: You're not authorized to push to this branch."], "protected branch hook declined"),
    /Exempt the branches/,
  ],
  [
    "a private address",
    errorText(
      ["error: GH007: Your push would publish a private email address."],
      "push declined due to email privacy restrictions",
    ),
    /git\.author_email/,
  ],
  ["a server's own hook", errorText(["Branches are named <team>/<ticket>."], "pre-receive hook declined"), /tac8 stop/],
  ["a quota", errorText(["error: Repository is over its data quota."], "pre-receive hook declined"), /free up storage/],
  [
    "a branch where the folder would be",
    errorText([], `cannot lock ref '${REF}': 'refs/heads/auto' exists; cannot create '${REF}'`),
    /Delete the branch auto, or set github\.branch/,
  ],
];

const OF_COMMITS: readonly (readonly [string, string, RegExp])[] = [
  ["a secret", rules(SECRET), /src\/main\.ts:4/],
  [
    "a secret, in the older words",
    errorText(["error: GH009: Secrets detected! This push failed."]),
    /from all commits/,
  ],
  [
    "a large file",
    errorText(
      [
        "error: File core.bin is 123.00 MB; this exceeds GitHub's file size limit of 100.00 MB",
        "error: GH001: Large files detected. You may want to try Git Large File Storage - https://git-lfs.github.com.",
      ],
      "pre-receive hook declined",
    ),
    /core\.bin is 123\.00 MB/,
  ],
  ["a path", rules("File path is restricted: secret/x"), /from all commits/],
  ["an extension", rules("File extension is restricted: .exe"), /from all commits/],
  ["a size", rules("File size exceeds the limit of 1 MB: a.bin"), /from all commits/],
  ["a message", rules("Commit message must start with a matching pattern: feat: "), /matching pattern: feat:/],
  [
    "LFS",
    errorText(["error: GH008: Your push referenced at least 1 unknown Git LFS object"], "pre-receive hook declined"),
    /GH008/,
  ],
  [
    "a workflow",
    errorText(
      [],
      "refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml` without `workflows` permission",
    ),
    /Workflows: read and write/,
  ],
  [
    "a branch below",
    errorText([], `cannot lock ref '${REF}': '${REF}/deeper' exists; cannot create '${REF}'`),
    /Delete the branch auto\/gh-1\/deeper/,
  ],
];

fieldTest("C2", "a push refused by a rule for all branches holds the repository, with advice", () => {
  for (const [name, text, advice] of WHOLE) {
    const failure = classifyGitError("pushing x", text);
    expect([name, failure.kind, failure.wholeRepository, failure.ofCommits]).toEqual([
      name,
      "refused",
      true,
      undefined,
    ]);
    expect(failure.message).toMatch(advice);
    expect(failure.message).not.toContain("\n");
  }
});

fieldTest("C2", "a refusal because of the commits affects only their issue, with advice for its agent", () => {
  for (const [name, text, words] of OF_COMMITS) {
    const failure = classifyGitError("pushing x", text);
    expect([name, failure.kind, failure.wholeRepository, failure.ofCommits]).toEqual([
      name,
      "refused",
      undefined,
      true,
    ]);
    expect(failure.message).toMatch(words);
    expect(failure.message).not.toContain("\n");
  }
});

test("decorative lines are not quoted", () => {
  expect(classifyGitError("pushing x", rules(SECRET)).message).not.toMatch(/————|docs\.github|Learn how/);
});

test("an unknown message counts as a rule of the repository", () => {
  expect(classifyRefusedPush("")).toMatchObject({ whole: true, guessed: true });
  const guesses = WHOLE.filter(([, text]) => classifyGitError("pushing x", text).guessed === true).map(
    ([name]) => name,
  );
  expect(guesses).toEqual(["nothing named", "an unknown rule", "a server's own hook"]);
});
