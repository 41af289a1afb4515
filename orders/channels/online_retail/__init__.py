"""The Online Retail data set (UCI, Chen et al. 2012, CC BY 4.0): order lines of a UK gift wholesaler."""
