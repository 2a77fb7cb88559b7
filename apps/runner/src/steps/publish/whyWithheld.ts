import { createHash } from "node:crypto";
import { clean, clip } from "@tac8/core/domain/plainText";
import { codeSpan } from "@tac8/core/domain/leftOut";
import { notableLine } from "@tac8/core/domain/notable";
import { protect } from "@tac8/core/protection/protect";
import type { Withheld } from "@tac8/core/state/issueState";
import { runCleanGitIn } from "../../git/cleanSide.ts";
import { strayEntries, strayInBoth, type Stray } from "../../airlock/stray.ts";
import type { PublishNeeds } from "./needs.ts";
import { findSecrets, type SecretsResult } from "../../secrets/findSecrets.ts";
import { isAllowedAfterQuestion, readAllowance, type Allowance } from "./allowance.ts";
import { readAskedFilesKey } from "./askedFilesKey.ts";
import { baseCommit, compareWithBase, type Outgoing } from "./compareWithBase.ts";

const MAX_SHOWN = 10;
const MAX_PATH = 100;

/** A reason to withhold commits. */
interface Reason {
  readonly text: string;
  /**
   * The label allows this reason only if it was added after the question with this key. So no account allows, for example, secrets that
   * it does not know. Null: a label that was added earlier counts too, unless the question before it was about other `files`.
   */
  readonly questionKey: string | null;
  /** Whether no label can allow it. */
  readonly cannotBeAllowed: boolean;
  /** Files that the question is about, each as mode, object id and path after the change. */
  readonly files?: readonly string[];
}

/**
 * Return why commits must not be published unchanged, or null if they may be. They are compared with GitHub's own branches, never
 * with the base in Redis. Changes that GitHub's branch of the issue already has are not withheld.
 */
export async function whyWithheld(run: PublishNeeds, outgoing: Outgoing): Promise<Withheld | null> {
  const reasons = await reasonsFor(run, outgoing);
  if (reasons.length === 0) return null;
  const allowance = await readAllowance(run);
  const remaining: Reason[] = [];
  const askedFilesKey = await readAskedFilesKey(run, allowance.event);
  const isAboutOtherFiles = askedFilesKey !== null && askedFilesKey !== filesKey(reasons);
  for (const reason of reasons) {
    // A label allows only the files that the question before it named.
    if ((isAboutOtherFiles && reason.files !== undefined) || !(await isAllowed(run, allowance, reason)))
      remaining.push(reason);
  }
  if (remaining.length === 0) {
    run.log.info({ by: allowance.event?.actor }, "the work is published unchanged, because a label allows it");
    return null;
  }
  const questionKey = remaining.find((reason) => reason.questionKey !== null)?.questionKey ?? null;
  return {
    reason: remaining.map(({ text }) => text).join("\n\n"),
    canAllow: remaining.every(({ cannotBeAllowed }) => !cannotBeAllowed),
    ...(questionKey === null ? {} : { allows: questionKey }),
    ...(remaining.some(({ files }) => files !== undefined) ? { files: filesKey(reasons) } : {}),
    event: allowance.newest,
  };
}

/** Return a key of the files that the question is about, with their current content. */
function filesKey(reasons: readonly Reason[]): string {
  const files = reasons.flatMap((reason) => reason.files ?? []).toSorted();
  return createHash("sha256").update(files.join("\0")).digest("hex").slice(0, 32);
}

async function isAllowed(
  run: PublishNeeds,
  allowance: Allowance,
  { questionKey, cannotBeAllowed }: Reason,
): Promise<boolean> {
  if (cannotBeAllowed || allowance.event === null) return false;
  return questionKey === null || (await isAllowedAfterQuestion(run, allowance, questionKey));
}

async function reasonsFor(run: PublishNeeds, outgoing: Outgoing): Promise<Reason[]> {
  const reasons = [...(await fileReasons(run, outgoing)), await secretsReason(run, outgoing)];
  return reasons.filter((reason) => reason !== null);
}

/** Return the reasons that concern files. A file that GitHub's branch of the issue has with the same content is no reason: it was allowed, or a maintainer has pushed it. */
async function fileReasons(run: PublishNeeds, outgoing: Outgoing): Promise<Reason[]> {
  if ((await findFileReasons(run, outgoing, null)).length === 0) return [];
  // A newer base branch, or the branch, may already have these changes, so the mirror is refreshed.
  await run.mirror.refresh(run.signal);
  return findFileReasons(run, outgoing, await run.mirror.branch(run.record.state.branch.name ?? ""));
}

/** Find reasons that concern files. @param published the newest commit of the branch on GitHub; null to ignore that branch */
async function findFileReasons(run: PublishNeeds, outgoing: Outgoing, published: string | null): Promise<Reason[]> {
  const { head } = outgoing;
  const { base, changes, git } = await compareWithBase(run, outgoing);
  const since = published === null ? null : await outgoing.ranges.changes(published, head);
  const unpublished = since === null ? null : new Set(since.map(({ path }) => path));
  const isUnpublished = ({ path }: { readonly path: string }): boolean => unpublished === null || unpublished.has(path);
  const fingerprintParts = (paths: ReadonlySet<string>): string[] =>
    changes
      .filter(({ path }) => paths.has(path))
      .map(({ path, mode, object }) => `${mode.after} ${object.after} ${path}`);

  const reasons: Reason[] = [];
  const blocked = protect(changes, run.protected).blocked.filter(isUnpublished);
  if (blocked.length > 0) {
    const text = `The work changes protected files. ${notableLine(blocked)}`;
    reasons.push({
      text,
      questionKey: null,
      cannotBeAllowed: false,
      files: fingerprintParts(new Set(blocked.map(({ path }) => path))),
    });
  }
  // `isUnpublished` is not enough here, because `.gitmodules` may change the address of a submodule whose path is unchanged. So an entry counts
  // only if it is stray compared with the base and with the published commit.
  const strayOfPublished =
    published === null ? null : await strayEntries(git, { changes: since ?? [], base: published, head });
  const stray = strayInBoth(await strayEntries(git, { changes, base, head }), strayOfPublished);
  if (stray.length > 0) {
    const files = fingerprintParts(new Set([...stray.map(({ path }) => path), ".gitmodules"]));
    reasons.push({ text: strayWords(stray), questionKey: null, cannotBeAllowed: false, files });
  }
  return reasons;
}

/** Describe links and submodules that point outside the repository, into the machine of a user who checks it out. */
function strayWords(stray: readonly Stray[]): string {
  const shown = stray.slice(0, MAX_SHOWN).map(({ path, why }) => `${codeSpan(clip(clean(path), MAX_PATH))} (${why})`);
  const more = stray.length > shown.length ? ` and ${stray.length - shown.length} more` : "";
  return `The work contains links or submodules that point outside the repository: ${shown.join(", ")}${more}.`;
}

/** Search all commits for secrets, because a secret that the last commit removes is also public. */
async function secretsReason(run: PublishNeeds, { dir, head, base, ranges }: Outgoing): Promise<Reason | null> {
  const { signal } = run;
  const publishedHead = await run.mirror.branch(run.record.state.branch.name ?? "");
  const searchResult = await findSecrets({
    git: runCleanGitIn(run.mirror.cleanSide, dir, { signal }),
    ranges,
    published: [await baseCommit(run, base), ...(publishedHead === null ? [] : [publishedHead])],
    head,
    texts: [{ name: "the agent's summary", text: run.record.state.work.summary ?? "" }],
    values: run.secrets,
    scanners: run.scanners,
    signal,
  });
  return reasonOfSecrets(searchResult, head);
}

/** Return the reason to withhold commits in which a search found secrets. Pure. @param head the commit that was searched */
export function reasonOfSecrets(searchResult: SecretsResult, head: string): Reason | null {
  if ("unsearched" in searchResult) {
    const text = `The work could not be searched for the secrets of this tac8: ${searchResult.unsearched}.`;
    return { text, questionKey: null, cannotBeAllowed: true };
  }
  const { findings, count, digest, unchecked } = searchResult;
  if (findings.length === 0 && unchecked === null) return null;
  const texts: string[] = [];
  if (findings.length > 0) {
    const shown = findings.slice(0, MAX_SHOWN).map(({ where, line, rule }) => {
      const lineWords = line === null ? "" : ` line ${line}`;
      return `${codeSpan(clip(clean(where), MAX_PATH))}${lineWords} (${rule})`;
    });
    const more = count > shown.length ? ` and ${count - shown.length} more` : "";
    const advice = "Remove them from all commits, not only from the last one.";
    texts.push(`The work may publish secrets: ${shown.join(", ")}${more}. ${advice}`);
  }
  if (unchecked !== null) texts.push(`The work could not be checked for secrets: ${unchecked}.`);
  return {
    text: texts.join(" "),
    questionKey: createHash("sha256")
      .update(unchecked === null ? digest : `${digest} ${head}`) // Another commit may have other secrets.
      .digest("hex")
      .slice(0, 32),
    cannotBeAllowed: findings.some(({ isCertain }) => isCertain),
  };
}
