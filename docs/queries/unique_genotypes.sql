-- Which genotypes are crosses of several alleles?
select genotype
from unique_genotypes
where genotype like '%;%'
order by genotype;
