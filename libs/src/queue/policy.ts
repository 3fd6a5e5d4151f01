/**
 * The command that lifts the default delivery limit of a queue, for a shell:
 * https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling
 */
export function liftLimit(queue: string, vhost: string): string {
  const pattern = `^${queue.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
  const [name, matching, policy] = [`keep-${queue}`, pattern, '{"delivery-limit": -1}'].map(
    quoteForShell,
  );
  const where = quoteForShell(vhost);
  return `rabbitmqctl set_policy -p ${where} ${name} ${matching} ${policy} --apply-to queues`;
}

function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
