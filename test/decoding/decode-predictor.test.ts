import { expect, it } from 'vitest';
import { DecodePredictor } from '../../src/decoding/decode-predictor.ts';

const hints = (predictor: DecodePredictor, count: number): string[] =>
  Array.from({ length: count }, () => predictor.decodeHintFor('A'));

it('what was never read is not expected to be', () => {
  expect(hints(new DecodePredictor(), 3)).toEqual(['unlikely', 'unlikely', 'unlikely']);
});

it('what was read is expected to be, and every eighth is looked at', () => {
  const predictor = new DecodePredictor();
  predictor.onDataRead('A');
  expect(hints(predictor, 9)).toEqual([...Array<string>(7).fill('certain'), 'likely', 'certain']);
  expect(predictor.decodeHintFor('B')).toBe('unlikely');
});

it('what is not read any more is no longer expected to be after 64', () => {
  const predictor = new DecodePredictor();
  predictor.onDataRead('A');
  expect(hints(predictor, 64).filter((hint) => hint === 'likely')).toHaveLength(8);
  expect(hints(predictor, 2)).toEqual(['unlikely', 'unlikely']);
});

it('what is read now and then stays expected', () => {
  const predictor = new DecodePredictor();
  for (let count = 0; count < 1_000; count += 1) {
    if (count % 50 === 0) predictor.onDataRead('A');
    expect(predictor.decodeHintFor('A')).not.toBe('unlikely');
  }
});

it('kinds without end take no memory without end', () => {
  const predictor = new DecodePredictor();
  for (let count = 0; count < 5_000; count += 1) predictor.onDataRead(`X${count}`);
  expect([predictor.decodeHintFor('X0'), predictor.decodeHintFor('X4999')]).toEqual(['unlikely', 'certain']);
});

it('a thousand kinds are remembered; with one more it starts anew', () => {
  const predictor = new DecodePredictor();
  for (let count = 0; count < 1_000; count += 1) predictor.onDataRead(`X${count}`);
  expect(predictor.decodeHintFor('X0')).toBe('certain');
  predictor.onDataRead('X1000');
  expect([predictor.decodeHintFor('X0'), predictor.decodeHintFor('X1000')]).toEqual(['unlikely', 'certain']);
});
