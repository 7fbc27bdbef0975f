// The published SDK, used as its documentation tells, with a book of what it sends and gets.
import { createRequire } from 'node:module';

// The SDK is made of CommonJS modules: only so is this the very axios that it calls.
const require = createRequire(import.meta.url);
const sdk = require('sailpoint-api-client');
const axios = require('axios');

export const { Paginator } = sdk;

// The releases that the SDK has classes for, and what it puts behind their names.
const suffixes = { v2024: 'V2024', v3: '', beta: 'Beta' };

export const releases = Object.keys(suffixes);

/** Book holds every answer that came back, with the SDK's method that asked for it. */
export class Book {
  answers = [];
  #method = null;

  constructor() {
    axios.interceptors.response.use(
      (response) => (this.#write(response), response),
      (error) => {
        if (error.response) this.#write(error.response);
        return Promise.reject(error);
      },
    );
  }

  #write({ config, status, headers, data }) {
    if (config.url.endsWith('/oauth/token')) return; // is made by no method, and meanwhile
    const body = typeof data === 'string' ? data : JSON.stringify(data);
    this.answers.push({ call: this.#method, method: config.method.toUpperCase(), url: config.url, status, headers, body });
  }

  /** Runs one call of the SDK; calls do not overlap. */
  async during(method, call) {
    this.#method = method;
    try {
      return await call();
    } finally {
      this.#method = null;
    }
  }
}

export function configure(url, clientId, clientSecret) {
  const configuration = new sdk.Configuration({ baseurl: url, clientId, clientSecret, tokenUrl: `${url}/oauth/token` });
  configuration.experimental = true;
  return configuration;
}

/** The other way to configure the SDK. */
export function configureByEnvironment(url, id, secret) {
  Object.assign(process.env, { SAIL_BASE_URL: url, SAIL_CLIENT_ID: id, SAIL_CLIENT_SECRET: secret });
  return new sdk.Configuration();
}

/** Release is the SDK's classes of one release of the API. */
export class Release {
  constructor(name, configuration, book) {
    Object.assign(this, { name, suffix: suffixes[name], configuration, book });
  }

  /** Gives the class for a family of operations, such as Sources; undefined when this release has none. */
  api(family) {
    const name = `${family}${this.suffix}Api`;
    if (!sdk[name]) return undefined;
    return new Proxy(new sdk[name](this.configuration), {
      get: (target, method) => {
        if (typeof target[method] !== 'function') return target[method];
        return (...args) => this.book.during(`${name}.${method}`, () => target[method](...args));
      },
    });
  }

  /** Gives another release, for what this one lacks. */
  sibling(name) {
    return new Release(name, this.configuration, this.book);
  }

  /** Gives this release for somebody else. */
  as(configuration) {
    return new Release(this.name, configuration, this.book);
  }

  /** A parameter that is an object: the SDK puts the release behind its name. */
  body(name, value) {
    return { [name + this.suffix]: value };
  }

  /** A JSON Patch as the parameter that most methods take it in. */
  patch(...operations) {
    return this.body('jsonPatchOperation', operations);
  }
}

export function replace(path, value) {
  return { op: 'replace', path, value };
}

const creators = /^(\w*?(V\d+|Beta)?Api)AxiosParamCreator$/;

/** Every method that the SDK has, with the request it makes, as its source text says. */
export function inventory() {
  const methods = [];
  for (const [creator, [, api, suffix = '']] of matches(Object.keys(sdk), creators)) {
    const release = releases.find((name) => suffixes[name] === suffix);
    if (!release) throw new Error(`${api} is of a release that this program does not know`);
    for (const [name, make] of Object.entries(sdk[creator]())) {
      const path = make.toString().match(/localVarPath = "([^"]*)"/)?.[1];
      const method = make.toString().match(/\{ method: '([A-Z]+)' \}/)?.[1];
      methods.push({ call: `${api}.${name}`, release, method, path });
    }
  }
  return methods;
}

function matches(names, pattern) {
  return names.map((name) => [name, name.match(pattern)]).filter(([, match]) => match);
}
