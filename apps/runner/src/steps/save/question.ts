import type { SaveNeeds } from "./save.ts";
import { removePrivateFiles } from "../../workspace/privateFiles.ts";
import { withoutSecrets } from "../../secrets/withoutSecrets.ts";

/** The end of a run whose agent asks. Its file has been read: it must not be taken for another question. */
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
  await removePrivateFiles(run.place, run.paths.tree);
}
