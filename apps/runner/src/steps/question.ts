import { NOT_BROKEN_OFF } from "@tac8/core/domain/brokenOff";
import type { RunContext } from "../run/context.ts";
import { isQuestion, readQuestion, removePrivateFiles } from "../workspace/privateFiles.ts";
import { publishSaved } from "./publish.ts";
import { save } from "./save.ts";
import { withoutSecrets } from "./withoutSecrets.ts";

/** What the agent asks in its workspace; null where it asks nothing. `baseSha`: of the branch that it works upon. */
export async function findQuestion(run: RunContext, baseSha: string): Promise<string | null> {
  const text = await readQuestion(run.place(), run.paths.tree);
  const base = await run.mirror.file(baseSha, "BLOCKED.md");
  return isQuestion(text, base) ? text : null;
}

/**
 * A question that nobody has heard: its run ended, by a kill or a full disk, after the agent had asked. Since that run's
 * beginning nothing but its agent can have written it; half a file, which may be an empty one, is none.
 */
export async function findUnheardQuestion(run: RunContext, baseSha: string): Promise<string | null> {
  const { checkpoint, session, sessionHome } = run.state;
  if (checkpoint !== "prepared" || session === null || sessionHome !== run.services.homeId) return null;
  const question = await findQuestion(run, baseSha);
  return question === null || question.trim() === "" ? null : question;
}

/** The end of a run whose agent asks. Its file has been read: it must not be taken for another question. */
export async function hearQuestion(run: RunContext, asked: string): Promise<void> {
  const question = await withoutSecrets(run, "question", asked);
  await run.write({
    outcome: "blocked",
    outcomeRun: run.id,
    question,
    withheld: null,
    answer: null,
    failure: null,
    reason: null,
  });
  await removePrivateFiles(run.place(), run.paths.tree);
}

/** The same for a question of a run before this one: its work is saved now, and no agent is needed. */
export async function hearLate(run: RunContext, question: string): Promise<void> {
  run.log.info("the agent had asked a question before its run was lost");
  const saved = await save(run);
  await run.write({ headSha: saved.head, ...NOT_BROKEN_OFF, parked: 0 });
  await publishSaved(run, saved);
  await hearQuestion(run, question);
}
