// The client of scenario f, a thread of its own, so that what the suite does does not delay it. It obeys three messages: `health` asks /health every
// 20 ms, `analytics` goes on with that and asks the analytics too, one request after the other; `stop` gives all samples back.
import { Agent, get } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

const HEALTH_EVERY_MS = 20;
const TIMEOUT_MS = 30_000;
const ANALYTICS = ['/analytics/purchases', '/analytics/users'];

const samples = [];
const open = new Set();
let phase;
let timer;

parentPort.on('message', (message) => {
  if (message === 'stop') {
    clearInterval(timer);
    phase = 'stop';
    // What has no answer yet has taken this long at least.
    const unanswered = [...open].map((sample) => ({ ...sample, ms: Date.now() - sample.sentAt }));
    parentPort.postMessage([...samples, ...unanswered]);
    return;
  }
  phase = message;
  // Sent on time whether or not the one before was answered: a slow answer must not keep the next from being measured.
  timer ??= every(HEALTH_EVERY_MS, healthRequests());
  if (phase === 'analytics') for (const path of ANALYTICS) void oneAfterTheOther(path);
});

function every(ms, action) {
  return setInterval(action, ms);
}

function healthRequests() {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  return () => void request(agent, '/health');
}

async function oneAfterTheOther(path) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  while (phase === 'analytics') await request(agent, path);
}

function request(agent, path) {
  const sample = { phase, path, sentAt: Date.now(), status: 0, ms: TIMEOUT_MS };
  open.add(sample);
  const start = performance.now();
  return new Promise((resolve) => {
    const end = (status) => {
      open.delete(sample);
      samples.push(Object.assign(sample, { status, ms: performance.now() - start }));
      resolve();
    };
    get(workerData.origin + path, { agent, timeout: TIMEOUT_MS }, (response) => {
      response.resume();
      response.on('end', () => end(response.statusCode)).on('error', () => end(0));
    })
      .on('error', () => end(0))
      .on('timeout', function timedOut() {
        this.destroy();
      });
  });
}
