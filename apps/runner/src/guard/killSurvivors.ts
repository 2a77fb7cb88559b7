// Kills the survivors of a run in a sandbox whose runner has died. The run's guard becomes this program, with the
// workspace's lock as descriptor 3, so no other process gets the lock until this program ends. Arguments: the run's id,
// the lock's path, the runner's pid.
import { killSurvivors } from "../process/survivors.ts";

const [runId = "", lockPath = "", runnerPid = ""] = process.argv.slice(2);
process.title = `tac8 guard ${runId}`;
void killSurvivors({ runId, lockPath, except: [process.pid, Number(runnerPid)] });
