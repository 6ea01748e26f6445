import { describe, expect, test } from 'vitest';
import { DecodePredictor } from '../../src/decoding/decode-predictor.ts';

const hints = (predictor: DecodePredictor, count: number): string[] =>
  Array.from({ length: count }, () => predictor.decodeHintFor('A'));

describe('DecodePredictor', () => {
  test('predicts that data of a type that was never read stays unread', () => {
    expect(hints(new DecodePredictor(), 3)).toEqual(['unlikely', 'unlikely', 'unlikely']);
  });

  test('predicts that data of a type that was read is read again, and observes one of 32', () => {
    const predictor = new DecodePredictor();
    predictor.onDataRead('A');
    expect(hints(predictor, 33)).toEqual([...Array<string>(31).fill('certain'), 'likely', 'certain']);
    expect(predictor.decodeHintFor('B')).toBe('unlikely');
  });

  test('predicts no reads any more after 256 unread dispatches of a type', () => {
    const predictor = new DecodePredictor();
    predictor.onDataRead('A');
    expect(hints(predictor, 256).filter((hint) => hint === 'likely')).toHaveLength(8);
    expect(hints(predictor, 2)).toEqual(['unlikely', 'unlikely']);
  });

  test('asked for one of eight dispatches, counts all of them', () => {
    const predictor = new DecodePredictor();
    predictor.onDataRead('A');
    const asked = Array.from({ length: 33 }, () => predictor.decodeHintFor('A', 8));
    expect(asked.slice(0, 5)).toEqual(['certain', 'certain', 'certain', 'likely', 'certain']);
    expect(asked.filter((hint) => hint === 'likely')).toHaveLength(8);
    expect(asked.at(-1)).toBe('unlikely');
  });

  test('keeps predicting reads of a type that is read now and then', () => {
    const predictor = new DecodePredictor();
    for (let count = 0; count < 1_000; count += 1) {
      if (count % 50 === 0) predictor.onDataRead('A');
      expect(predictor.decodeHintFor('A')).not.toBe('unlikely');
    }
  });

  test('bounds its memory for any number of types', () => {
    const predictor = new DecodePredictor();
    for (let count = 0; count < 5_000; count += 1) predictor.onDataRead(`X${count}`);
    expect(predictor.decodeHintFor('X0')).toBe('unlikely');
    expect(predictor.decodeHintFor('X4999')).toBe('certain');
  });

  test('remembers a thousand types, and forgets all of them with one more', () => {
    const predictor = new DecodePredictor();
    for (let count = 0; count < 1_000; count += 1) predictor.onDataRead(`X${count}`);
    expect(predictor.decodeHintFor('X0')).toBe('certain');
    predictor.onDataRead('X1000');
    expect(predictor.decodeHintFor('X0')).toBe('unlikely');
    expect(predictor.decodeHintFor('X1000')).toBe('certain');
  });
});
