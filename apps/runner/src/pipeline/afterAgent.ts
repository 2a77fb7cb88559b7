import { NOT_BROKEN_OFF } from "@tac8/core/domain/brokenOff";
import { StepFailure } from "@tac8/core/domain/failures";
import { groupPatch } from "@tac8/core/state/issueState";
import { publishSaved } from "../steps/publish/publishSaved.ts";
import { recordQuestion } from "../steps/save/question.ts";
import type { SavedWork } from "../steps/handover.ts";
import { save } from "../steps/save/save.ts";
import type { WorkResult } from "../steps/work/work.ts";
import { agentFailure } from "./agentFailure.ts";
import { publishNeeds, saveNeeds } from "./needs.ts";
import type { Run } from "./run.ts";
import { failureOf } from "../run/failureOf.ts";
import { endByHalt } from "../run/halt.ts";
import { planAgentEnd, type Unfinished } from "./planUnfinished.ts";

/**
 * Save the work of an agent that asked a question, was ended or failed. Push it to the branch, and decide how the run ends.
 * @returns `report` if the record has the end
 */
export async function afterAgent(run: Run, workResult: WorkResult): Promise<"report" | Unfinished> {
  const { agentResult, question, summary, removed } = workResult;
  const failed = agentResult.ok ? null : agentResult;
  const saved = await saveAgentWork(run, workResult);
  const isProgress = question !== null || saved.head !== run.record.state.branch.start;
  await run.record.write({
    "branch.head": saved.head,
    "work.summary": summary,
    ...(isProgress ? { "counts.parked": 0 } : {}),
    ...(failed?.sessionSpent === true ? { "agent.session": null } : {}),
  });
  const { halted } = run.haltSwitch;
  const isPushedOrUnwanted = halted?.failure === "edited" || (await publishSaved(publishNeeds(run), saved));
  const facts = { halt: halted?.halt ?? null, asks: question !== null, agentLost: failed?.kind === "lost" };
  const reasonOfEnd = planAgentEnd(facts);
  switch (reasonOfEnd) {
    case "halt":
      // After `shutdown` or `lost` another runner continues the issue. Only a user's command ends it.
      if (halted?.halt !== "stopped" && halted?.halt !== "cancelled") return { error: halted, agentEnd: null };
      await run.record.write(endByHalt(halted, halted.halt, run.id));
      return "report";
    case "question":
      await recordQuestion(saveNeeds(run), question ?? "");
      return "report";
    case "agent lost":
      return { error: new Error(failed?.message), agentEnd: "agent lost" };
    case "failure": {
      if (failed === null) throw new Error("the agent has not failed: this is a bug in tac8");
      await run.record.write(groupPatch("counts", NOT_BROKEN_OFF)); // The agent ended before its runner.
      const failure = agentFailure(failed, { isPushedOrUnwanted, removed });
      return { error: new StepFailure(failure), agentEnd: null };
    }
    default:
      return reasonOfEnd satisfies never;
  }
}

/** Save the work. Tokens and cost are written to the record meanwhile, and awaited afterwards. */
async function saveAgentWork(run: Run, { agentResult, recorded, removed }: WorkResult): Promise<SavedWork> {
  try {
    return await save(saveNeeds(run));
  } catch (err) {
    if (agentResult.ok || agentResult.kind !== "disk-full" || failureOf(err).kind !== "disk") throw err;
    run.log.warn(
      { err },
      "the agent filled the disk, and its work could not be saved: it is kept in its workspace, free some disk space",
    );
    throw new StepFailure(agentFailure(agentResult, { isPushedOrUnwanted: false, removed }), { cause: err });
  } finally {
    await recorded;
  }
}
