// An agency's system that takes notices: a real HTTP server that reads each as a CloudEvent and checks its signatures
// with others' code: npm cloudevents, npm standardwebhooks for v1, Node's crypto for v1a.
import assert from 'node:assert/strict';
import { verify } from 'node:crypto';
import http from 'node:http';
import { HTTP } from 'cloudevents';
import { Webhook } from 'standardwebhooks';

export class Receiver {
  // `secret`: a shared secret; `key`: a public Ed25519 key. Either may be missing.
  static async listen({ secret, key }) {
    const self = new Receiver();
    Object.assign(self, { secret, key, events: [], refused: 0, answer: () => ({ status: 204 }) });
    self.server = http.createServer((request, response) => {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', async () => {
        const { status, body = '' } = await self.#take(request, Buffer.concat(chunks).toString());
        response.writeHead(status, { 'content-type': 'application/json' }).end(body);
      });
    });
    await new Promise((resolve) => { self.server.listen(0, '127.0.0.1', resolve); });
    self.url = `http://127.0.0.1:${self.server.address().port}/notices`;
    return self;
  }
  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
  async #take(request, body) {
    try {
      const headers = request.headers;
      if (this.secret) new Webhook(this.secret).verify(body, headers);
      if (this.key) assert.ok(this.#signedByKey(headers, body), 'no v1a signature of the key');
      const event = HTTP.toEvent({ headers, body });
      assert.ok(event.validate());
      assert.equal(event.id, headers['webhook-id']);
      this.events.push(event);
      return await this.answer(event);
    } catch (error) {
      this.refused += 1;
      this.fault = error.message;
      return { status: 401 };
    }
  }
  #signedByKey(headers, body) {
    const content = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`);
    return headers['webhook-signature'].split(' ').filter((text) => text.startsWith('v1a,'))
      .some((text) => verify(null, content, this.key, Buffer.from(text.slice(4), 'base64')));
  }
}
