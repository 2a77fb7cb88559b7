import { randomUUID } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The data folder's own id: an agent's session lives in one folder, whatever the host is called today. */
export async function homeId(home: string): Promise<string> {
  await mkdir(home, { recursive: true });
  const file = join(home, "id");
  try {
    await writeFile(file, randomUUID(), { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return (await readFile(file, "utf8")).trim();
}
