import { formatReference, jobIdOf, parseFullReference, type IssueRef } from "@tac8/core/domain/reference";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { readIssues } from "../../status/issues.ts";
import { withRedis } from "../../redis/connect.ts";
import type { Check } from "../check.ts";
import { note, ok, type Finding } from "../finding.ts";
import type { DoctorInput } from "../doctorInput.ts";

/** Maximum number of questions, because each one costs a request to GitHub. */
const MAX_QUESTIONS = 20;

/** Finds questions of another account. After a change of the account, tac8 ignores replies to the questions of the former one. */
export const questions: Check = {
  name: "Questions",
  limitMs: 30_000,
  async inspect(input, signal) {
    const { config, github } = input;
    if (config.secrets.github === null) return [NOTHING];
    const open = await openQuestions(input);
    if (open === null) return [NOTHING];
    const some = open.slice(0, MAX_QUESTIONS);
    const login = some.length === 0 ? null : await github.findLogin({ signal });
    const asked: Asked[] = [];
    for (const { ref, questionId } of some) {
      const comment = await github.comment(ref, questionId, { signal });
      if (comment !== null) asked.push({ issue: formatReference(ref), by: comment.author.login });
    }
    return evaluateQuestions({ login, asked, left: open.length - some.length });
  },
};

const NOTHING = note("not checked: this needs a token, a repository and Redis");

/** Return the open questions; null: Redis is unreachable. */
async function openQuestions({ redisUrl, now }: DoctorInput): Promise<{ ref: IssueRef; questionId: number }[] | null> {
  try {
    return await withRedis(
      redisUrl,
      async (redis) => {
        const { issues } = await readIssues(redis, now());
        const blocked = issues.filter(({ state }) => state === "blocked");
        const refs = blocked.map(({ issue }) => parseFullReference(issue)).filter((ref) => ref !== null);
        const hashes = await createIssueStore(redis).readMany(refs.map(jobIdOf));
        return refs.flatMap((ref, index) => {
          const questionId = hashes[index]?.question.commentId ?? null;
          return questionId === null ? [] : [{ ref, questionId }];
        });
      },
      "",
    );
  } catch {
    return null;
  }
}

interface Asked {
  /** `owner/repo#number`. */
  readonly issue: string;
  readonly by: string;
}

/** Evaluate the authors of questions. Pure. `login`: the account of tac8; null: unknown. `left`: number of questions that were not read. */
export function evaluateQuestions({
  login,
  asked,
  left,
}: {
  readonly login: string | null;
  readonly asked: readonly Asked[];
  readonly left: number;
}): Finding[] {
  const others = asked.filter(({ by }) => login !== null && by.toLowerCase() !== login.toLowerCase());
  const more = left === 0 ? [] : [note(`${left} more open questions were not checked`)];
  if (others.length === 0) return [ok("every open question was written by tac8's current account"), ...more];
  const findings = others.map(({ issue, by }) =>
    note(
      `${issue}: its question was written by ${by}, but tac8 now uses the account ${login ?? ""}: replies to it are not read`,
      `stop it (tac8 stop ${issue}), and add the label again; or use the account ${by} until the question is answered`,
    ),
  );
  return [...findings, ...more];
}
