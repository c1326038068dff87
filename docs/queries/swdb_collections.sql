-- Which assets does each collection hold, and what of them is known?
select collection, collection_asset_name, swdb_collections.name, project_name, modalities
from swdb_collections
left join assets on swdb_collections.name = assets.name
order by collection, collection_asset_name, swdb_collections.name;
