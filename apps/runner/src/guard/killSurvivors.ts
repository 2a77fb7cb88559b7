// Kills the survivors of a run whose runner has died, or sends no heartbeat. The run's guard waits for this program.
// Descriptor 3 is the workspace's lock, so no other process gets the lock until this program ends. Arguments: the run's id, the lock's path, the runner's pid, and the agent's session
// if it is known. Output: `killed <number>`.
import { writeSync } from "node:fs";
import { killSurvivors } from "../process/survivors.ts";

const [runId = "", lockPath = "", runnerPid = "", session] = process.argv.slice(2);
process.title = `tac8 guard ${runId}`;
const query = {
  runId,
  lockPath,
  // The parent is the guard, which has the lock too.
  except: [process.pid, process.ppid, Number(runnerPid)],
  session: session === undefined ? undefined : Number(session),
};
void main();

async function main(): Promise<void> {
  const { killed } = await killSurvivors(query);
  try {
    writeSync(1, `killed ${killed}\n`);
  } catch {
    // The runner has died.
  }
}
