import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy on a free port of 127.0.0.1, which a test can make to fail. */
export class Proxy {
  readonly #pairs = new Set<{ client: Socket; upstream: Socket }>();
  readonly #abandoned: Socket[] = [];
  readonly #server;
  /** Any that is free, until it listens. */
  #port = 0;
  #swallows = { requests: false, answers: false };
  readonly #injected: Buffer[] = [];

  private constructor(host: string, port: number) {
    this.#server = createServer((client) => {
      const upstream = connect(port, host);
      const pair = { client, upstream };
      this.#pairs.add(pair);
      client.on('data', (data) => {
        if (!this.#swallows.requests) upstream.write(data);
      });
      const frames = new FrameBoundaries();
      upstream.on('data', (data) => {
        if (this.#swallows.answers) return;
        client.write(data);
        if (!frames.isBetweenFrames(data)) return;
        for (const frame of this.#injected.splice(0)) client.write(frame);
      });
      const end = (): void => {
        // one that was abandoned stays open, whatever its server does
        if (!this.#pairs.delete(pair)) return;
        client.destroy();
        upstream.destroy();
      };
      for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
    });
  }

  static async start(host: string, port: number): Promise<Proxy> {
    const proxy = new Proxy(host, port);
    await proxy.#listen();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** Serves new connections again, after `close`. */
  async reopen(): Promise<void> {
    await this.#listen();
  }

  /** Drops what clients send, what the server answers, or both, without closing anything. */
  swallow(what: { requests?: boolean; answers?: boolean }): void {
    this.#swallows = { requests: false, answers: false, ...what };
  }

  /** Sends one connection an AMQP frame as if it came from the broker, between two others. */
  inject(frame: Buffer): void {
    this.#injected.push(frame);
  }

  /** Resets every connection that passes through. */
  cut(): void {
    for (const { client, upstream } of this.#pairs) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
  }

  /** What passes through is lost for good; new connections are served. */
  abandon(): void {
    for (const { client, upstream } of this.#pairs) {
      client.removeAllListeners('data').pause();
      upstream.removeAllListeners('data').pause();
      this.#abandoned.push(client, upstream);
    }
    this.#pairs.clear();
  }

  /** Resets every connection, and refuses new ones. */
  async close(): Promise<void> {
    this.cut();
    for (const socket of this.#abandoned) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }
}

/** What the broker says of its alarms; a proxy injects it. */
export const ALARM = {
  /** It holds back whoever publishes. */
  begins: (reason: string): Buffer => method(10, 60, [reason.length, ...Buffer.from(reason)]),
  /** It does so no more. */
  ends: method(10, 61, []),
};

/** A frame of AMQP with a method on channel 0. */
function method(classId: number, methodId: number, fields: readonly number[]): Buffer {
  const payload = [0, classId, 0, methodId, ...fields];
  return Buffer.from([1, 0, 0, 0, 0, 0, payload.length, ...payload, 0xce]);
}

/** Follows the frames of AMQP 0-9-1 (2.3.5): type, channel, size, payload, end. */
class FrameBoundaries {
  #pending = Buffer.alloc(0);

  /** Whether a frame ends where this data, which comes next, ends. */
  isBetweenFrames(data: Buffer): boolean {
    this.#pending = Buffer.concat([this.#pending, data]);
    while (this.#pending.length >= 7) {
      const length = 7 + this.#pending.readUInt32BE(3) + 1;
      if (this.#pending.length < length) return false;
      this.#pending = this.#pending.subarray(length);
    }
    return this.#pending.length === 0;
  }
}
