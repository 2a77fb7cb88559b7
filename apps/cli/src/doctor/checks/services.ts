import { managerOf, readUnits, unitProblems, type Manager, type Unit } from "../../services/units.ts";
import type { Check } from "../check.ts";
import { ok, problem, unknown, type Finding } from "../finding.ts";

export const services: Check = {
  name: "Services",
  limitMs: 10_000,
  inspect: async ({ env }) => evaluateServices(await readUnits(env), managerOf(env)),
};

/** Evaluate the services. Pure. Empty if systemd does not run tac8. */
export function evaluateServices(units: readonly Unit[], manager: Manager): Finding[] {
  if (manager === null) return [];
  if (units.length === 0)
    return [unknown("systemd does not report the state of the services", "run systemctl status 'tac8*'")];
  const problems = unitProblems(units, manager);
  if (problems.length === 0) return [ok(units.map(({ name, state }) => `${name} ${state}`).join(", "))];
  return problems.map(({ text, advice }) => problem(text, advice));
}
