import type { SaveNeeds } from "./save.ts";
import { removeMessageFiles } from "../../workspace/messageFiles.ts";
import { withoutSecrets } from "../../secrets/withoutSecrets.ts";

/** Record the end of a run whose agent asks a question, and remove the question's file, so that it is not read again. */
export async function recordQuestion(run: SaveNeeds, asked: string): Promise<void> {
  const question = await withoutSecrets(run, "question", asked);
  await run.record.write({
    "end.outcome": "blocked",
    "end.run": run.id,
    "question.text": question,
    "work.withheld": null,
    "question.reply": null,
    "end.failure": null,
    "end.reason": null,
  });
  await removeMessageFiles(run.place, run.paths.tree);
}
