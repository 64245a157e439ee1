/** The agents of the soak: each has all tools that there are without a network; one works by the clock. */
import type { Container } from "../image/support/container.ts";

const agents = ["s-a", "s-b", "s-c", "s-d", "s-e", "s-f"];
export const scheduled = "s-e";

const tools =
  "shell, write_file, edit_file, delete_file, list_files, ask_agent, send_task, memory, run_code, fetch_webpage";

function manifest(name: string): string {
  const others = agents.filter((other) => other !== name).join(", ");
  const lines = [
    `name: ${name}`,
    "tier: worker",
    "description: stands in a soak",
    `can: {tools: [${tools}], task: [${others}], spawn: {roles: [hand], depth: 1, live: 2}}`,
    ...(name === scheduled ? ['schedule: {at: "*:*:0/10", task: hello}'] : []),
  ];
  return `${lines.join("\n")}\n`;
}

const role = "description: stands in a soak\ncan: {tools: [shell]}\nlimits: {memory: 512M}\n";
/** Every ten seconds; what is measured against the machine is not ours alone here. */
const health = [
  "health: {interval: 10s, max_load_factor: 1000, mem_min_free_pct: 0, disk_min_free_pct: 0}",
  "",
].join("\n");

export async function prepareMixed(container: Container): Promise<void> {
  for (const name of agents)
    await container.copyIn(`/etc/con/agents.d/${name}.yaml`, manifest(name));
  await container.must(["mkdir", "-p", "/etc/con/roles/hand"]);
  await container.copyIn("/etc/con/roles/hand/role.yaml", role);
  await container.must(["sh", "-c", "cat >>/etc/con/con.yaml"], { input: health });
}
