import { strict as assert } from 'node:assert';
import { describe, it } from 'mocha';
import { extensions } from 'vscode';
import { EXTENSION } from './workspace';

// The files run in the order of their names: this one before any other has used the extension.
describe('activation', () => {
  it('waits until the extension is used', () => {
    assert.equal(extensions.getExtension(EXTENSION)?.isActive, false);
  });
});
