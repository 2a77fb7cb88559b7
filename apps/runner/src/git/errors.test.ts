import { expect, test } from "vitest";
import { StepFailure } from "@tac8/core/domain/failures";
import { classifyGitError, gitStep, remoteStep } from "./errors.ts";

const URL = "https://github.com/octo/widgets.git";
const rejected = (why: string) =>
  `To ${URL}\n!\t1111111:refs/heads/auto/gh-1\t[remote rejected] (${why})\nDone\nerror: failed to push some refs to '${URL}'\n`;

/** Texts of git 2.39 and of GitHub. */
const TEXTS: readonly { readonly text: string; readonly kind: string; readonly whole?: boolean }[] = [
  { text: `fatal: unable to access '${URL}/': The requested URL returned error: 502`, kind: "github" },
  { text: `fatal: unable to access '${URL}/': The requested URL returned error: 429`, kind: "github" },
  { text: `fatal: unable to access '${URL}/': Could not resolve host: github.com`, kind: "github" },
  { text: `fatal: unable to access '${URL}/': Failed to connect to github.com port 443: Timed out`, kind: "github" },
  {
    text: `fatal: unable to access '${URL}/': Operation too slow. Less than 1 bytes/sec transferred the last 300 seconds`,
    kind: "github",
  },
  { text: `fatal: unable to access '${URL}/': Empty reply from server`, kind: "github" },
  { text: "error: 2 bytes of body are still expected\nfatal: expected flush after ref listing", kind: "github" },
  { text: "error: RPC failed; HTTP 503 curl 22 The requested URL returned error: 503", kind: "github" },
  {
    text: "error: RPC failed; curl 56 GnuTLS recv error (-9): Error decoding the received TLS packet.\nfatal: early EOF\n",
    kind: "github",
  },
  {
    text: "send-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end hung up",
    kind: "github",
  },
  { text: rejected("Internal Server Error"), kind: "github" },
  { text: rejected("failed to update ref"), kind: "github" },
  {
    text: rejected("cannot lock ref 'refs/heads/auto/gh-1': is at 1111111 but expected 2222222"),
    kind: "github",
  },
  {
    text: `remote: You have exceeded a secondary rate limit.\nfatal: unable to access '${URL}/': The requested URL returned error: 403`,
    kind: "github",
  },
  {
    text: `remote: Permission to octo/widgets.git denied to helper.\nfatal: unable to access '${URL}/': The requested URL returned error: 403`,
    kind: "refused",
    whole: true,
  },
  {
    text: `remote: Invalid username or token.\nfatal: Authentication failed for '${URL}/'`,
    kind: "refused",
    whole: true,
  },
  {
    text: "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
    kind: "refused",
    whole: true,
  },
  { text: `remote: Repository not found.\nfatal: repository '${URL}/' not found`, kind: "refused", whole: true },
  { text: `fatal: unable to access '${URL}/': The requested URL returned error: 301`, kind: "refused", whole: true },
  { text: "error: RPC failed; HTTP 413 curl 22 The requested URL returned error: 413", kind: "refused" },
  {
    text: rejected(
      "refusing to allow a Personal Access Token to create or update workflow `.github/workflows/ci.yml` without `workflow` scope",
    ),
    kind: "refused",
  },
  {
    text: `remote: error: GH001: Large files detected.\nremote: error: File a.bin is 123.00 MB\n${rejected("pre-receive hook declined")}`,
    kind: "refused",
  },
  {
    text: `remote: error: GH006: Protected branch update failed for refs/heads/auto/gh-1.\n${rejected("protected branch hook declined")}`,
    kind: "refused",
    whole: true,
  },
  {
    text: `remote: error: GH013: Repository rule violations found.\nremote: - Commits must have verified signatures.\n${rejected("push declined due to repository rule violations")}`,
    kind: "refused",
    whole: true,
  },
  {
    text: rejected(
      "cannot lock ref 'refs/heads/auto/gh-1': 'refs/heads/auto' exists; cannot create 'refs/heads/auto/gh-1'",
    ),
    kind: "refused",
    whole: true,
  },
  { text: "fatal: not a git repository: /data/workspaces/o/r/git/gh-1.git", kind: "git" },
  { text: "fatal: write error: No space left on device\nfatal: fetch-pack: invalid index-pack output", kind: "disk" },
  { text: "error: RPC failed; curl 23\nfatal: write error: No space left on device\nfatal: early EOF", kind: "disk" },
  { text: "fatal: unable to write loose object file: Disk quota exceeded", kind: "disk" },
  { text: `remote: fatal: write error: No space left on device\n${rejected("Internal Server Error")}`, kind: "github" },
  { text: "fatal: index file smaller than expected", kind: "git" },
  { text: "", kind: "git" },
];

test.each(TEXTS)("$kind: $text", ({ text, kind, whole }) => {
  const failure = classifyGitError("pushing", text);
  expect(failure.kind).toBe(kind);
  expect(failure.wholeRepository).toBe(whole);
  expect(failure.message).toMatch(/^pushing: /);
  expect(failure.message).not.toMatch(/\n|hint:|failed to push some refs|Done/);
});

test("GitHub's message is quoted without git's own lines, and bounded", () => {
  const text = `remote: error: GH001: Large files detected.\nremote: \nhint: see\n${rejected("pre-receive hook declined")}`;
  expect(classifyGitError("pushing x", text).message).toBe(
    "pushing x: GH001: Large files detected. · [remote rejected] (pre-receive hook declined). Remove this content from all commits, not only from the last one",
  );
  expect(classifyGitError("x", "y".repeat(100_000)).message.length).toBeLessThan(800);
});

test("progress is neither quoted nor classified", () => {
  const progress = [
    "remote: Enumerating objects: 503, done.        ",
    "remote: Counting objects:  42% (502/1200)        \rremote: Counting objects: 100% (1200/1200), done.        ",
    "remote: Total 3 (delta 0), reused 3 (delta 0), pack-reused 0",
    "Receiving objects:  99% (502/503), 1.07 MiB | 2.00 MiB/s\rfatal: bad object",
    "Delta compression using up to 4 threads",
    "remote: Status: 7 files are too large",
  ].join("\n");
  expect(classifyGitError("fetching x", progress)).toEqual({
    kind: "git",
    message: "fetching x: bad object · Status: 7 files are too large",
  });
});

test("a refused token is described by its source", () => {
  const token = "the GitHub token in /data/github-token";
  for (const errorText of [`fatal: Authentication failed for '${URL}/'`, `fatal: repository '${URL}/' not found`]) {
    expect(classifyGitError("fetching x", errorText, token).message).toContain(token);
  }
});

test("a step names its failure, and passes on named failures", async () => {
  const named = new StepFailure({ kind: "refused", message: "no" });
  await expect(gitStep("x", () => Promise.reject(named))).rejects.toBe(named);
  const fails = (text: string) => () => Promise.reject(new Error(text));
  await expect(gitStep("making it", fails("fatal: bad"))).rejects.toMatchObject({
    failure: { kind: "git", message: "making it: bad" },
  });
  const words = "fatal: The requested URL returned error: 403";
  await expect(remoteStep("fetching", "GITHUB_TOKEN", fails(words))).rejects.toMatchObject({
    failure: { kind: "refused" },
  });
  // An agent's filter can print the same text, which must not set a hold of the whole repository.
  await expect(gitStep("saving", fails(words))).rejects.toMatchObject({ failure: { kind: "git" } });
});
