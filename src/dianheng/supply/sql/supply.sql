-- No number is issued twice.
alter table supply_numbersegment add constraint segment_apart
    exclude using gist (numrange(first_body::numeric, last_body::numeric, '[]') with &&);
